#include "compute/weight_jobs.hpp"

#include "base/parallel.hpp"
#include "numeric/simplex_qp.hpp"

#include <algorithm>
#include <optional>

namespace learndock::compute {

Result<void> solve_weight_jobs(std::span<WeightJob> jobs, unsigned threads) {
  std::vector<std::optional<Error>> errors(jobs.size());
  run_tasks(jobs.size(), threads, [&](std::size_t j) {
    WeightJob& job = jobs[j];
    if (job.linear.empty()) return;
    auto solution = solve_simplex_qp(job.gram, job.linear);
    if (!solution) {
      errors[j] = std::move(solution).error();
      return;
    }
    std::copy(solution->weights.begin(), solution->weights.end(), job.weights.begin());
    job.kkt_residual = solution->kkt_residual;
  });
  for (auto& error : errors)
    if (error) return Failure(std::move(*error));
  return {};
}

}  // namespace learndock::compute
