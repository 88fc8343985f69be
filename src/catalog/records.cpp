#include "learndock/catalog/records.hpp"

#include "catalog/status.hpp"

namespace learndock::catalog {

std::string_view status_name(Status status) {
  switch (status) {
    case Status::unverified:
      return "unverified";
    case Status::verified:
      return "verified";
    case Status::failed:
      return "failed";
  }
  return "unknown";  // not reached: every status is named above, and the compiler warns of one that is not
}

std::optional<Status> status_of_name(std::string_view name) {
  for (const Status status : {Status::unverified, Status::verified, Status::failed})
    if (name == status_name(status)) return status;
  return std::nullopt;
}

}  // namespace learndock::catalog
