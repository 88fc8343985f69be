#include "service/connection_table.hpp"

namespace learndock::service {

bool ConnectionTable::make_room(const std::string& address) {
  const auto held = of_address_.find(address);
  const bool too_many_of_it = held != of_address_.end() && held->second >= limits_.of_address;
  if (!too_many_of_it && counted_ < limits_.all) return true;
  Place* place = who_gives_way(too_many_of_it ? &address : nullptr);
  if (place == nullptr) return false;
  leave(*place);
  asio::post(place->session->executor(), [kept = place->session] { kept->give_way(); });
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

ConnectionTable::Place* ConnectionTable::who_gives_way(const std::string* address) {
  const auto now = std::chrono::steady_clock::now();
  Place* resting = nullptr;
  auto longest = now - limits_.rest;
  for (auto& [number, place] : sessions_) {
    if (place.leaving || (address != nullptr && place.session->address_key() != *address)) continue;
    const auto since = place.session->waiting_since();
    if (!since) continue;
    if (!place.session->has_asked()) return &place;  // they stand by age
    if (*since > longest) continue;
    longest = *since;
    resting = &place;
  }
  return resting;
}

void ConnectionTable::leave(Place& place) {
  place.leaving = true;
  --counted_;
  const auto held = of_address_.find(place.session->address_key());
  if (--held->second == 0) of_address_.erase(held);
}

}  // namespace learndock::service
