#pragma once

#include <array>
#include <cstdint>
#include <random>
#include <string>

namespace learndock::testing {

/// Names, descriptions and queries, well and badly spelt, made of few words so that they meet.
class WordTexts {
 public:
  explicit WordTexts(std::uint64_t seed) : random_(seed) {}

  std::uint64_t draw() { return random_(); }

  std::string words(std::size_t count) {
    std::string text;
    for (std::size_t i = 0; i < count; ++i) {
      if (i > 0) text += ' ';
      text += kWords[random_() % kWords.size()];
    }
    return text;
  }

  /// With up to `most` letters changed, left out, put in or swapped.
  std::string misspelt(std::string text, std::size_t most) {
    for (std::size_t n = random_() % (most + 1); n > 0 && !text.empty(); --n) {
      const std::size_t at = random_() % text.size();
      const char letter = static_cast<char>('a' + random_() % 26);
      switch (random_() % 4) {
        case 0:
          text[at] = letter;
          break;
        case 1:
          text.erase(at, 1);
          break;
        case 2:
          text.insert(at, 1, letter);
          break;
        default:
          std::swap(text[at], text[text.size() - 1 - at]);
          break;
      }
    }
    return text;
  }

  /// A piece of a text.
  std::string piece(const std::string& text, std::size_t most) {
    if (text.empty()) return text;
    return text.substr(random_() % text.size(), 1 + random_() % most);
  }

 private:
  static constexpr std::array<const char*, 24> kWords = {
      "wine", "quality", "Digits", "hand",  "written", "house",   "price", "in",
      "of",   "the",     "churn",  "bank",  "loan",    "default", "plant", "disease",
      "leaf", "größe",   "手写",   "Σοφός", "x",       "ECG",     "beat",  "a"};
  std::mt19937_64 random_;
};

}  // namespace learndock::testing
