#include "cli/terminal/stop_token.hpp"

#include "cli/terminal/stop_signals.hpp"

#include <memory>
#include <thread>
#include <utility>

namespace learndock::cli {

Result<std::stop_token> stop_at_signal() {
  LEARNDOCK_TRY(StopSignals installed, StopSignals::install());
  const auto signals = std::make_shared<StopSignals>(std::move(installed));
  std::stop_source source;
  std::stop_token token = source.get_token();
  signals->serving();
  // It waits for as long as the process lives, and touches nothing else.
  std::thread([signals, source]() mutable {
    signals->wait();
    source.request_stop();
  }).detach();
  return token;
}

}  // namespace learndock::cli
