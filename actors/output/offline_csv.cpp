#include "actors/output/offline_csv.hpp"

#include <algorithm>
#include <string>

#include "actors/sim/offline.hpp"
#include "partition/support/files.hpp"
#include "partition/support/numbers.hpp"

namespace lorafleet::actors {

void write_offline_csv(const sim::World& world, const std::vector<sim::ClientId>& clients,
                       sim::VirtualTime until, const std::filesystem::path& file) {
  constexpr std::size_t kMostRows = 100'000;
  const std::size_t most = kMostRows / std::max<std::size_t>(clients.size(), 1);
  std::string text = "client,start_seconds,end_seconds\n";
  for (const sim::ClientId client : clients) {
    const auto add = [&](sim::VirtualTime start, const std::string& end) {
      append_whole(text, client.value);
      text += ',';
      append_shortest(text, start.seconds());
      text += ',' + end + '\n';
    };
    const sim::Offline offline = offline_of(world, client, until, most);
    for (const auto& span : offline.spans)
      add(span.start, shortest(span.end.seconds()));
    if (offline.known < until) add(offline.known, "");
  }
  write_file(file, text);
}

}  // namespace lorafleet::actors
