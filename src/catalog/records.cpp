#include "learndock/catalog/records.hpp"

#include "catalog/status.hpp"

namespace learndock::catalog {

std::string_view status_name(Status status) {
  switch (status) {
    case Status::unverified:
      return "unverified";
  }
  return "unknown";  // not reached: every status is named above, and the compiler warns of one that is not
}

std::optional<Status> status_of_name(std::string_view name) {
  if (name == status_name(Status::unverified)) return Status::unverified;
  return std::nullopt;
}

}  // namespace learndock::catalog
