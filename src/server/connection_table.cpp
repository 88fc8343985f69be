#include "server/connection_table.hpp"

#include <array>
#include <tuple>

namespace learndock::server {

bool ConnectionTable::make_room(const std::string& address) {
  const auto held = of_address_.find(address);
  const bool too_many_of_it = held != of_address_.end() && held->second >= limits_.of_address;
  if (!too_many_of_it && counted_ < limits_.all) return true;
  auto found = who_gives_way(too_many_of_it ? &address : nullptr);
  const bool crowded = found == sessions_.end() && !too_many_of_it;
  if (crowded) found = of_crowded_address(held == of_address_.end() ? 0 : held->second);
  if (found == sessions_.end()) return false;
  leave(found->second);
  const std::shared_ptr<Session>& session = found->second.session;
  asio::post(session->executor(), [this, session, crowded, number = found->first] {
    if (!session->give_way(crowded)) asio::post(strand_, [this, number] { stay(number); });
  });
  return true;
}

std::uint64_t ConnectionTable::add(std::shared_ptr<Session> session) {
  ++of_address_[session->address_key()];
  ++counted_;
  sessions_.emplace(++last_, Place{std::move(session)});
  return last_;
}

void ConnectionTable::remove(std::uint64_t number) {
  const auto place = sessions_.find(number);
  if (!place->second.leaving) leave(place->second);
  sessions_.erase(place);
}

ConnectionTable::Places::iterator ConnectionTable::who_gives_way(const std::string* address) {
  auto resting = sessions_.end();
  auto longest = std::chrono::steady_clock::now() - limits_.rest;
  for (auto one = sessions_.begin(); one != sessions_.end(); ++one) {
    const Session& session = *one->second.session;
    if (one->second.leaving || (address != nullptr && session.address_key() != *address)) continue;
    const auto since = session.waiting_since();
    if (!since) continue;
    if (!session.has_asked()) return one;  // they stand by age
    if (*since > longest) continue;
    longest = *since;
    resting = one;
  }
  return resting != sessions_.end() ? resting : longest_sending(address);
}

/// The longest-sending connection of the address with the most connections. So an address that sends one long
/// body does not lose to one that sends many slow ones.
ConnectionTable::Places::iterator ConnectionTable::longest_sending(const std::string* address) {
  const auto latest = std::chrono::steady_clock::now() - limits_.rest;
  auto best = sessions_.end();
  std::tuple<std::size_t, std::chrono::steady_clock::duration> most{};
  for (auto one = sessions_.begin(); one != sessions_.end(); ++one) {
    const Session& session = *one->second.session;
    if (one->second.leaving || (address != nullptr && session.address_key() != *address)) continue;
    const auto since = session.sending_since();
    if (!since || *since > latest) continue;
    const std::tuple rank(of_address_.at(session.address_key()), latest - *since);
    if (best != sessions_.end() && rank <= most) continue;
    most = rank;
    best = one;
  }
  return best;
}

ConnectionTable::Places::iterator ConnectionTable::of_crowded_address(std::size_t held) {
  const auto now = std::chrono::steady_clock::now();
  auto best = sessions_.end();
  // More connections of its address, then a state that costs the client less, then a longer time in it.
  std::tuple<std::size_t, int, std::chrono::steady_clock::duration> most{};
  for (auto one = sessions_.begin(); one != sessions_.end(); ++one) {
    const Session& session = *one->second.session;
    const std::size_t of_it = one->second.leaving ? 0 : of_address_.at(session.address_key());
    if (of_it <= held + 1) continue;
    const std::array states = {session.writing_since(), session.sending_since(), session.waiting_since()};
    for (int state = 0; state < static_cast<int>(states.size()); ++state) {
      const auto& since = states[static_cast<std::size_t>(state)];
      if (!since) continue;
      const std::tuple rank(of_it, state, now - *since);
      if (best != sessions_.end() && rank <= most) continue;
      most = rank;
      best = one;
    }
  }
  return best;
}

void ConnectionTable::leave(Place& place) {
  place.leaving = true;
  --counted_;
  const auto held = of_address_.find(place.session->address_key());
  if (--held->second == 0) of_address_.erase(held);
}

void ConnectionTable::stay(std::uint64_t number) {
  const auto place = sessions_.find(number);
  if (place == sessions_.end()) return;
  place->second.leaving = false;
  ++counted_;
  ++of_address_[place->second.session->address_key()];
}

}  // namespace learndock::server
