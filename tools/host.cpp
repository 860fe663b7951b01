#include <unistd.h>

#include <iostream>
#include <thread>

#include "partition/support/error.hpp"
#include "scenarios/schema/scenario.hpp"
#include "tools/commands.hpp"
#include "tools/network_options.hpp"
#include "tools/progress.hpp"
#include "tools/signals.hpp"
#include "tools/version.hpp"

namespace lorafleet::tools {

namespace {

std::string machine_name() {
  char name[65] = {};
  return ::gethostname(name, sizeof name - 1) == 0 ? name : "host";
}

}  // namespace

int host_command(const Arguments& arguments) {
  CommandLine line("host", "Trains for a run elsewhere (`lorafleet run --listen`).",
                   "host --connect 127.0.0.1:4242 --slots 2");
  line.option("connect", "HOST:PORT", "the head of the run");
  line.option("slots", "N", "jobs that train at the same time; 0: as many as there are cores", "0");
  line.option("name", "NAME", "how the head calls this process; default: the machine's name");
  line.repeated("assets", "DIR",
                "where the base model and the data may be, besides the head's own paths; found by "
                "name and content; may be repeated");
  line.option("silence", "SECONDS", "a head without a sign of life is gone", "15");
  line.option("patience", "SECONDS", "end after so long without the head", "600");
  line.flag("stay", "wait for the next run when one is over");
  line.flag("quiet", "only warnings");
  add_tls(line, "the head");
  line.note(
      "The scenario comes from the head; base model and data must be here, with the same content.\n"
      "When the head is gone, its jobs are given up and it is called again, ever more slowly.\n"
      "Exit status: 0 the run is over, 1 the head is gone, 2 bad input or refused, "
      "130 interrupted.");
  if (!line.parse(arguments)) return kDone;
  if (!line.has("connect")) {
    throw InputError("--connect", "is missing; allowed: HOST:PORT of the head");
  }
  ProgressDisplay display(progress_unless(line.on("quiet")));
  StopOnSignals signals([&] { display.info("leaving; Ctrl-C again exits at once"); });
  actors::net::HostOptions options;
  options.connect = actors::net::parse_endpoint(line.text("connect"), "--connect",
                                                actors::net::EndpointUse::connect);
  options.tls = tls_of(line);
  options.name = line.has("name") ? line.text("name") : machine_name();
  if (options.name.empty() || options.name.size() > 64) {
    throw InputError("--name", "allowed: 1 to 64 bytes");
  }
  options.slots = line.whole("slots", 0);
  if (options.slots == 0) options.slots = std::max(1u, std::thread::hardware_concurrency());
  if (options.slots > 1024) throw InputError("--slots", "allowed: 0 to 1024");
  for (const auto& folder : line.texts("assets"))
    options.assets.emplace_back(folder);
  options.silence_seconds = seconds_of(line, "silence");
  options.patience_seconds = seconds_of(line, "patience");
  options.stay = line.on("stay");
  options.version = kVersion;
  options.read_scenario = [&](const std::string& toml, const std::vector<std::string>& sets) {
    return scenarios::read_scenario_text(toml, "scenario of the head", sets).federation;
  };
  options.stop = signals.token();
  options.log = [&](const std::string& text) { display.info(text); };
  options.warning = [&](const std::string& text) { display.warning(text); };
  return actors::run_host(options) ? kDone : kInterrupted;
}

}  // namespace lorafleet::tools
