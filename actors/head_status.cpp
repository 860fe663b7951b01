#include "actors/head_status.hpp"

#include <nlohmann/json.hpp>

#include "actors/output/json_fields.hpp"

namespace lorafleet::actors {

std::string status_json(const HeadStatus& status) {
  using Json = nlohmann::ordered_json;
  Json hosts = Json::array();
  for (const auto& host : status.hosts) {
    hosts.push_back({{"name", host.name},
                     {"address", host.address},
                     {"state", host.works ? "working" : "preparing"},
                     {"slots", host.slots},
                     {"jobs", host.jobs},
                     {"updates", host.updates},
                     {"tokens", host.tokens},
                     {"versions_held", host.versions_held}});
  }
  NoStore store;
  const RunTotals& totals = status.progress.totals;
  const Json json = {{"run", status.run},
                     {"started", status.started},
                     {"done", status.progress.done},
                     {"versions", totals.versions},
                     {"virtual_seconds", totals.time.seconds()},
                     {"updates_applied", totals.updates_applied},
                     {"updates_dropped", totals.updates_dropped},
                     {"jobs_in_flight", status.progress.jobs_in_flight()},
                     {"jobs_waiting", status.jobs_waiting},
                     {"own_slots", status.own_slots},
                     {"own_jobs", status.own_jobs},
                     {"hosts", hosts},
                     {"progress", json_of(status.progress, store)}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace lorafleet::actors
