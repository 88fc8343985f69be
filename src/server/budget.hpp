#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <unordered_map>

namespace learndock::server {

/// A limited amount, shared by all connections. One address may hold only a part of it.
/// @threads safe to call concurrently
class Budget {
 public:
  Budget(std::uint64_t limit, std::uint64_t limit_per_address)
      : limit_(limit), limit_per_address_(limit_per_address) {}
  [[nodiscard]] bool take(const std::string& address, std::uint64_t amount) {
    const std::lock_guard lock(mutex_);
    if (amount > limit_ - used_) return false;
    const auto [held, is_new] = held_.try_emplace(address, 0);
    if (amount > limit_per_address_ - held->second) {
      if (is_new) held_.erase(held);
      return false;
    }
    used_ += amount;
    held->second += amount;
    return true;
  }
  void give_back(const std::string& address, std::uint64_t amount) {
    const std::lock_guard lock(mutex_);
    used_ -= amount;
    const auto held = held_.find(address);
    if (held == held_.end()) return;
    held->second -= amount;
    if (held->second == 0) held_.erase(held);
  }

  /// The amount that all addresses hold together.
  [[nodiscard]] std::uint64_t used() const {
    const std::lock_guard lock(mutex_);
    return used_;
  }

 private:
  const std::uint64_t limit_;
  const std::uint64_t limit_per_address_;
  mutable std::mutex mutex_;
  std::uint64_t used_ = 0;
  std::unordered_map<std::string, std::uint64_t> held_;  ///< by address; above 0
};

/// The amount that one request has taken of a budget. The destructor gives it back.
class Share {
 public:
  Share(Budget& budget, std::string address) : budget_(budget), address_(std::move(address)) {}
  Share(const Share&) = delete;
  Share& operator=(const Share&) = delete;
  ~Share() { give_back(); }
  [[nodiscard]] bool take(std::uint64_t amount) {
    if (!budget_.take(address_, amount)) return false;
    taken_ += amount;
    return true;
  }
  void give_back() { keep(0); }
  /// Gives back what is beyond `amount`.
  void keep(std::uint64_t amount) {
    if (taken_ <= amount) return;
    budget_.give_back(address_, taken_ - amount);
    taken_ = amount;
  }

 private:
  Budget& budget_;
  const std::string address_;
  std::uint64_t taken_ = 0;
};

}  // namespace learndock::server
