#include "tools/network_options.hpp"

#include <charconv>
#include <cmath>

#include "partition/support/error.hpp"
#include "partition/support/numbers.hpp"
#include "tools/version.hpp"

namespace lorafleet::tools {

void add_tls(CommandLine& line, const std::string& peers) {
  line.option("cert", "FILE", "this side's certificate chain, PEM: mutual TLS");
  line.option("key", "FILE", "its private key, PEM, without a passphrase");
  line.option("ca", "FILE", "PEM certificates of the authority that signed " + peers);
  line.repeated("allow", "NAME",
                "a common name or whole subject of " + peers +
                    "; may be repeated; default: all that the authority signed");
}

actors::net::TlsFiles tls_of(const CommandLine& line, actors::net::TlsFiles files) {
  if (line.has("cert")) files.cert = line.text("cert");
  if (line.has("key")) files.key = line.text("key");
  if (line.has("ca")) files.ca = line.text("ca");
  if (const auto allow = line.texts("allow"); !allow.empty()) files.allow = allow;
  if (!files.any() && !files.allow.empty()) {
    throw InputError("--allow", "needs --cert, --key and --ca: without TLS nobody has a name");
  }
  return files;
}

double seconds_of(const CommandLine& line, const std::string& option, double least) {
  const std::string text = line.text(option);
  double seconds = 0.0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc() || end != text.data() + text.size() || !(seconds >= least) ||
      seconds > 1e9) {
    throw InputError("--" + option, "\"" + text + "\" is out of range; allowed: " +
                                        shortest(least) + " seconds or more");
  }
  return seconds;
}

void add_head(CommandLine& line) {
  line.option("listen", "HOST:PORT",
              "let other processes (`lorafleet host`) train: 127.0.0.1:4242 for this machine, "
              "*:4242 for all, with TLS; a name stands for all of its addresses; port 0: any");
  line.option("hosts", "N", "with --listen: begin when so many hosts are there", "1");
  line.option("own-slots", "N", "with --listen: jobs that this process trains at a time itself",
              "0");
  line.option("silence", "SECONDS", "with --listen: a host without a sign of life is lost", "15");
  line.option("patience", "SECONDS", "with --listen: fail after so long without any host", "3600");
  line.flag("mixed",
            "with --listen: hosts may have another LibTorch, BLAS or instruction set; results are "
            "then not reproducible");
  add_tls(line, "hosts");
}

std::optional<actors::net::HeadOptions> head_of(const CommandLine& line,
                                                const scenarios::Scenario& scenario) {
  if (!line.has("listen")) {
    for (const char* option : {"hosts", "own-slots", "silence", "patience", "cert", "key", "ca"}) {
      if (line.given(option)) {
        throw InputError("--listen",
                         std::string("is missing: --") + option + " is about a run with hosts");
      }
    }
    if (line.on("mixed") || !line.texts("allow").empty()) {
      throw InputError("--listen", "is missing: --mixed and --allow are about a run with hosts");
    }
    return std::nullopt;
  }
  actors::net::HeadOptions head;
  head.tls = tls_of(line, scenario.federation.tls);
  head.listen = actors::net::parse_endpoint(line.text("listen"), "--listen",
                                            actors::net::EndpointUse::listen);
  head.hosts = line.whole("hosts", 0);
  head.own_slots = line.whole("own-slots", 0);
  if (head.hosts == 0 && head.own_slots == 0) {
    throw InputError("--hosts", "0 needs --own-slots of at least 1: nobody would train");
  }
  head.silence_seconds = seconds_of(line, "silence");
  head.patience_seconds = seconds_of(line, "patience");
  head.mixed = line.on("mixed");
  head.version = kVersion;
  scenarios::Scenario offered = scenario;
  offered.federation.tls = {};
  head.scenario = scenarios::to_toml(offered);
  for (const auto& [key, path] : scenarios::input_paths(scenario))
    head.assets.push_back({key, path, ""});
  return head;
}

}  // namespace lorafleet::tools
