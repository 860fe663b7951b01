#include "actors/coordinator/job_table.hpp"

#include <algorithm>

namespace lorafleet::actors {

std::vector<Job*> JobTable::in_order() {
  std::vector<Job*> all;
  all.reserve(size());
  for (Job& job : jobs_) {
    if (job.id().seq.value != 0) all.push_back(&job);
  }
  std::sort(all.begin(), all.end(),
            [](const Job* a, const Job* b) { return a->id().seq < b->id().seq; });
  return all;
}

void JobTable::clear() {
  for (const Job* job : in_order())
    places_[job->id().client.value] = kNone;
  jobs_.clear();
  free_.clear();
}

}  // namespace lorafleet::actors
