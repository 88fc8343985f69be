#include "cli/app.hpp"

int main(int argc, char** argv) { return learndock::cli::run(argc, argv); }
