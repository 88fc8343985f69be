#include "cli/app.hpp"

#include <csignal>

int main(int argc, char** argv) {
  // At a limit on file sizes the write fails as on a full disk, instead of a signal that ends the program.
  std::signal(SIGXFSZ, SIG_IGN);
  return learndock::cli::run(argc, argv);
}
