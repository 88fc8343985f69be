#pragma once

#include "learndock/base/result.hpp"
#include "learndock/query/search.hpp"

#include "dock/backends.hpp"
#include "dock/index/indexing.hpp"
#include "dock/truth/truth.hpp"
#include "dock/view/view.hpp"

#include <functional>

namespace learndock::dock {

/// Answers a request from the current snapshot. Where a mapped file turns out to be lost, it is given up and
/// the request is answered without it.
/// @param given_up  called each time when a file was given up
[[nodiscard]] Result<query::SearchAnswer> search_view(const Truth& truth, const View& view,
                                                      Indexing& indexing, Backends& backends,
                                                      const query::SearchRequest& request, unsigned threads,
                                                      const std::function<void()>& given_up);

}  // namespace learndock::dock
