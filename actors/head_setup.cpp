#include "actors/head_setup.hpp"

#include <algorithm>

#include "actors/net/assets.hpp"
#include "actors/output/run_log.hpp"
#include "actors/run/learning.hpp"

namespace lorafleet::actors {

namespace {

/// "localhost:4242 (127.0.0.1:4242, [::1]:4242; plain)"
std::string listening_text(const HeadSetup& head) {
  const std::string asked = head.options.listen.text();
  const std::string addresses = head.listening.addresses();
  return asked + " (" + (addresses == asked ? "" : addresses + "; ") +
         (head.tls ? "TLS" : "plain") + ")";
}

}  // namespace

void complete(HeadSetup& head, const FederationConfig& config, const Learning& learning,
              std::shared_ptr<const StatusBoard> board, RunLog& log) {
  head.run = config.name;
  head.environment = environment_here(head.options.version);
  head.fingerprint = fingerprint(config, learning);
  std::size_t values = learning.federation.initial->values.size();
  for (const auto& layout : learning.federation.layouts)
    values = std::max(values, layout->size());
  // An adapter, and as much private state as error feedback and factors of its own can come to.
  head.largest_update = 4 * static_cast<std::uint64_t>(values) * sizeof(float) + (1u << 20);
  head.board = std::move(board);
  head.log = [&log](const std::string& line) { log.info(line); };
  head.warning = [&log](const std::string& line) { log.warning(line); };
  for (auto& asset : head.options.assets)
    asset.sha256 = net::content_hash(asset.path);
  log.info("training " + std::to_string(learning.clients()) + " clients on the slots of " +
           std::to_string(head.options.hosts) + " or more hosts, listening on " +
           listening_text(head));
  for (const auto& passed_by : head.listening.passed_by)
    log.info("not listening on " + passed_by);
}

}  // namespace lorafleet::actors
