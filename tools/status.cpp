#include <iostream>
#include <nlohmann/json.hpp>

#include "partition/support/error.hpp"
#include "tools/commands.hpp"
#include "tools/network_options.hpp"
#include "tools/text.hpp"

namespace lorafleet::tools {

namespace {

void print(const nlohmann::json& status) {
  const auto count = [](const nlohmann::json& of, const char* key) {
    return grouped(of.at(key).get<std::int64_t>());
  };
  std::cout << printable(status.at("run").get<std::string>()) << ": "
            << (status.at("started").get<bool>() ? "" : "waiting for hosts, ")
            << fixed(100.0 * status.at("done").get<double>(), 0) << " % done, version "
            << count(status, "versions") << " at "
            << clock_text(status.at("virtual_seconds").get<double>()) << " virtual, "
            << count(status, "updates_applied") << " updates, " << count(status, "updates_dropped")
            << " dropped, " << count(status, "jobs_in_flight") << " jobs in flight, "
            << count(status, "jobs_waiting") << " jobs waiting\n";
  std::vector<std::vector<std::string>> rows = {
      {"host", "address", "state", "slots", "jobs", "updates", "versions held"}};
  for (const auto& host : status.at("hosts")) {
    rows.push_back({host.at("name"), host.at("address"), host.at("state"), count(host, "slots"),
                    count(host, "jobs"), count(host, "updates"), count(host, "versions_held")});
  }
  if (status.at("own_slots").get<std::int64_t>() > 0) {
    rows.push_back(
        {"(head)", "", "working", count(status, "own_slots"), count(status, "own_jobs"), "", ""});
  }
  std::cout << aligned(rows);
}

}  // namespace

int status_command(const Arguments& arguments) {
  CommandLine line("status", "Shows the hosts and jobs of a run with --listen.",
                   "status 127.0.0.1:4242");
  line.positional("HEAD", "HOST:PORT of the head");
  line.flag("json", "print what the head says, for scripts");
  line.option("patience", "SECONDS", "fail after so long without an answer", "10");
  add_tls(line, "the head");
  if (!line.parse(arguments)) return kDone;
  actors::StatusOptions options;
  options.head =
      actors::net::parse_endpoint(line.text("HEAD"), "HEAD", actors::net::EndpointUse::connect);
  options.tls = tls_of(line);
  options.patience_seconds = seconds_of(line, "patience");
  const std::string answer = actors::head_status(options);
  if (line.on("json")) {
    std::cout << answer << "\n";
    return kDone;
  }
  try {
    print(nlohmann::json::parse(answer));
  } catch (const nlohmann::json::exception&) {
    throw RuntimeFailure(options.head.text() + ": its answer is not a status");
  }
  return kDone;
}

}  // namespace lorafleet::tools
