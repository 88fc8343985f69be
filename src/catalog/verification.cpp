#include "learndock/catalog/verification.hpp"

namespace learndock::catalog {

std::string_view state_name(JobState state) {
  switch (state) {
    case JobState::waiting:
      return "waiting";
    case JobState::running:
      return "running";
    case JobState::done:
      return "done";
    case JobState::parked:
      return "parked";
  }
  return "unknown";  // not reached: every state is named above, and the compiler warns of one that is not
}

std::string_view outcome_name(Outcome outcome) {
  switch (outcome) {
    case Outcome::passed:
      return "passed";
    case Outcome::failed:
      return "failed";
    case Outcome::parked:
      return "parked";
  }
  return "unknown";  // not reached, as above
}

}  // namespace learndock::catalog
