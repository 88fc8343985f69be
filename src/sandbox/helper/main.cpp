#include "sandbox/helper/helper.hpp"

#include <cstring>

int main(int count, char** words) {
  using namespace learndock::sandbox;
  if (count > 1 && std::strcmp(words[1], "keep") == 0) return keep(count - 2, words + 2);
  if (count > 1 && std::strcmp(words[1], "confine") == 0) return confine(count - 2, words + 2);
  if (count > 1 && std::strcmp(words[1], "probe") == 0) return probe();
  return 2;
}
