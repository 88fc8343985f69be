#include "server/lane.hpp"

#include <algorithm>
#include <utility>

namespace learndock::server {

std::shared_ptr<Lane::Ticket> Lane::enter(const std::string& address, Job job, Job done) {
  auto ticket = std::make_shared<Ticket>();
  ticket->address = address;
  ticket->job = std::move(job);
  ticket->done = std::move(done);
  const std::lock_guard lock(mutex_);
  Of& of = addresses_[address];
  if (may_run(of)) {
    begin(ticket);
    return ticket;
  }
  if (waiting_ >= limits_.places || of.waiting.size() >= limits_.places_per_address) {
    forget_if_idle(address);
    return nullptr;
  }
  if (of.waiting.empty()) turns_.push_back(address);
  of.waiting.push_back(ticket);
  ++waiting_;
  return ticket;
}

bool Lane::withdraw(const std::shared_ptr<Ticket>& ticket) {
  const std::lock_guard lock(mutex_);
  if (ticket->state != Ticket::State::waiting) return false;
  ticket->state = Ticket::State::over;
  auto& waiting = addresses_[ticket->address].waiting;
  waiting.erase(std::find(waiting.begin(), waiting.end(), ticket));
  --waiting_;
  if (waiting.empty()) {
    turns_.erase(std::find(turns_.begin(), turns_.end(), ticket->address));
    forget_if_idle(ticket->address);
  }
  return true;
}

std::chrono::nanoseconds Lane::oldest(Clock::time_point now) const {
  const std::lock_guard lock(mutex_);
  return running_.empty() ? std::chrono::nanoseconds(0) : now - running_.front()->began;
}

bool Lane::may_run(const Of& of) const {
  if (running_.size() < limits_.workers) return true;
  return running_.size() == limits_.workers && of.running == 0;
}

void Lane::begin(const std::shared_ptr<Ticket>& ticket) {
  ticket->state = Ticket::State::running;
  ticket->began = Clock::now();
  ++addresses_[ticket->address].running;
  running_.push_back(ticket);
  try {
    launch_([this, ticket] {
      try {
        ticket->job();
      } catch (...) {  // a fault of one request must not end the thread, and the process with it
      }
      end(ticket);
      // The worker is free by now: a client that asks again at once finds it so.
      ticket->done();
    });
  } catch (...) {  // no memory for it
    leave(ticket);
    throw;
  }
}

void Lane::leave(const std::shared_ptr<Ticket>& ticket) {
  running_.erase(std::find(running_.begin(), running_.end(), ticket));
  --addresses_[ticket->address].running;
}

void Lane::end(const std::shared_ptr<Ticket>& ticket) {
  const std::lock_guard lock(mutex_);
  ticket->state = Ticket::State::over;
  leave(ticket);
  forget_if_idle(ticket->address);
  fill();
}

/// Gives free workers to waiting addresses, each in its turn.
void Lane::fill() {
  for (std::size_t looked = 0, all = turns_.size(); looked < all; ++looked) {
    const std::string address = std::move(turns_.front());
    turns_.pop_front();
    Of& of = addresses_[address];
    if (!may_run(of)) {
      turns_.push_back(address);
      continue;
    }
    const std::shared_ptr<Ticket> ticket = of.waiting.front();
    try {
      begin(ticket);
    } catch (...) {  // it keeps its place, and its patience ends it if no memory comes back
      ticket->state = Ticket::State::waiting;
      turns_.push_back(address);
      return;
    }
    of.waiting.pop_front();
    --waiting_;
    if (!of.waiting.empty()) turns_.push_back(address);
  }
}

void Lane::forget_if_idle(const std::string& address) {
  const auto of = addresses_.find(address);
  if (of->second.running == 0 && of->second.waiting.empty()) addresses_.erase(of);
}

}  // namespace learndock::server
