#pragma once

#include "server/session.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>

namespace learndock::server {

/// The open connections of one kind, counted by address. When a new connection finds no place, one gives way:
/// first one that has sent no request, then one that rests between two requests, then one that has long been
/// sending a body, of the address with the most connections. When none of these has waited long enough, one
/// of the address with the most connections gives way all the same, if that has more than the new one's
/// address would have: so connections that ask often, or do not read their answers, leave each address its
/// share. A connection whose request is being worked on never gives way.
/// @threads one strand
class ConnectionTable {
 public:
  struct Limits {
    std::size_t all = 0;
    std::size_t of_address = 0;
    /// A connection that has asked something may rest, or send a body, this long before it gives way.
    std::chrono::milliseconds rest{0};
  };
  /// @param strand  where the table is used
  ConnectionTable(const Limits& limits, asio::any_io_executor strand)
      : limits_(limits), strand_(std::move(strand)) {}

  /// Whether one more connection of this address fits. When it does not, a waiting connection is told to give
  /// way: one of the same address when that has too many, else one of any address. False: none gives way.
  [[nodiscard]] bool make_room(const std::string& address);
  /// Adds a connection. @return the number by which it is removed
  std::uint64_t add(std::shared_ptr<Session> session);
  void remove(std::uint64_t number);

  [[nodiscard]] std::size_t size() const { return sessions_.size(); }
  template <class Action>
  void for_each(Action&& action) const {
    for (const auto& [number, place] : sessions_) action(place.session);
  }

 private:
  struct Place {
    std::shared_ptr<Session> session;
    bool leaving = false;  ///< told to give way; counts no longer
  };
  using Places = std::map<std::uint64_t, Place>;
  /// The connection that is to give way; the end when there is none. @param address  only connections of this
  /// address, when given
  [[nodiscard]] Places::iterator who_gives_way(const std::string* address);
  [[nodiscard]] Places::iterator longest_sending(const std::string* address);
  /// A connection of the address with the most connections, of those with more than `held` + 1; the end when
  /// there is none.
  [[nodiscard]] Places::iterator of_crowded_address(std::size_t held);
  void leave(Place& place);
  /// Says that a connection did not give way after all, because its request came in time.
  void stay(std::uint64_t number);

  const Limits limits_;
  const asio::any_io_executor strand_;
  Places sessions_;  ///< oldest first
  std::unordered_map<std::string, std::size_t> of_address_;
  std::size_t counted_ = 0;
  std::uint64_t last_ = 0;
};

}  // namespace learndock::server
