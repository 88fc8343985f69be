#include "cli/app.hpp"

#include <csignal>

int main(int argc, char** argv) {
  // A limit on file sizes is met as a full disk is: by the error of the write, not by a signal that ends the
  // program.
  std::signal(SIGXFSZ, SIG_IGN);
  return learndock::cli::run(argc, argv);
}
