#include <doctest/doctest.h>

#include "tests/scenarios/schema/scenario_files.hpp"

namespace lorafleet {
namespace {

using Lines = std::vector<std::string>;

TEST_CASE("a surrogate refuses what it cannot do and warns about what it has not") {
  const tests::ScenarioFolder folder;
  const std::string surrogate = "[train]\nkind = \"surrogate\"\nlr = 0.1\n";
  const auto error = [&](const std::string& text) {
    const Lines errors = folder.errors(surrogate + text);
    REQUIRE_MESSAGE(errors.size() == 1, join(errors, "\n"));
    return errors.front();
  };
  CHECK(
      error("[[faults.attackers]]\nattack = \"label_noise\"\nshare = 0.2\n")
          .ends_with("a surrogate has no labels to spoil; allowed: every attack but label_noise"));
  CHECK(error("[[lora.ranks]]\nr = 4\nshare = 1.0\n")
            .ends_with("a surrogate's adapter is one vector; allowed: lora.r for all clients"));
  CHECK(error("[partition]\nmanifest = \"rows.jsonl\"\n")
            .ends_with("a surrogate has no data to split; allowed: partition.clients"));

  const std::string idle =
      "weight_decay = 0.1\nmomentum = 0.5\n[lora]\nlora_alpha = 4\n[[partition.skew]]\n"
      "by = \"group\"\nalpha = 0.1\n";
  const auto scenario = folder.read(surrogate + idle);
  REQUIRE_MESSAGE(scenario.warnings.size() == 4, join(scenario.warnings, "\n"));
  CHECK(scenario.warnings[1].ends_with(
      "train.momentum: has no effect; it applies only where train.optimizer is \"sgd\" and "
      "train.kind is \"lora\""));
  CHECK(scenarios::to_toml(scenario) == scenarios::to_toml(folder.read(surrogate)));
}

TEST_CASE("a skew by attribute says which") {
  CHECK(tests::only_error("[[partition.skew]]\nby = \"attribute\"\nalpha = 0.1\n")
            .ends_with(
                "entry 0 does not say which attribute; allowed: attribute = \"target\", or one "
                "that the data have"));
  const tests::ScenarioFolder folder;
  const auto scenario = folder.read(tests::ScenarioFolder::required() +
                                    "[evaluation]\ngroups = 3\ngroup_by = \"category\"\n"
                                    "[[partition.skew]]\nby = \"attribute\"\n"
                                    "attribute = \"category\"\nalpha = 0.1\n");
  CHECK_MESSAGE(scenario.warnings.empty(), join(scenario.warnings, "\n"));
  CHECK(scenario.federation.partition.skews.at(0).attribute == "category");
  CHECK(scenario.federation.evaluation.group_by == "category");
}

TEST_CASE("no more clients train at once than there are") {
  CHECK(tests::only_error(
            "[clients]\nconcurrency = 9\n[partition]\nclients = 8\n[aggregation]\nmode = "
            "\"fedbuff\"\n") ==
        "scenario.toml:6:15: clients.concurrency: 9 clients cannot be in flight; allowed: at most "
        "partition.clients, 8");
  CHECK(tests::only_error("[clients]\nper_round = 9\n[partition]\nclients = 8\n") ==
        "scenario.toml:6:13: clients.per_round: 9 clients cannot be picked; allowed: at most "
        "partition.clients, 8");
  CHECK(tests::only_error(
            "[clients]\nper_round = 8\novercommit = 1.01\n[partition]\nclients = 8\n") ==
        "scenario.toml:6:13: clients.per_round: with clients.overcommit, 9 clients would be "
        "invited; allowed: at most partition.clients, 8");
  CHECK(tests::only_error(
            "[clients]\nper_round = 5\n[partition]\nclients = 12\n[aggregation]\nmode = "
            "\"tiered\"\n") ==
        "scenario.toml:6:13: clients.per_round: 5 clients cannot be picked; allowed: at most 4, a "
        "tier's share of partition.clients, 12");
}

TEST_CASE("a manifest decides the number of clients, so partition.clients is not judged") {
  const tests::ScenarioFolder folder;
  for (const std::string mode : {"sync", "fedbuff"}) {
    CAPTURE(mode);
    const std::string text = tests::ScenarioFolder::required() +
                             "[partition]\nclients = 5\nmanifest = \"rows.jsonl\"\n" +
                             "[aggregation]\nmode = \"" + mode + "\"\n[clients]\n" +
                             (mode == "sync" ? "per_round" : "concurrency") + " = 30\n";
    const auto scenario = folder.read(text);
    REQUIRE(scenario.warnings.size() == 1);
    CHECK(scenario.warnings[0].ends_with(
        ":6:11: partition.clients: has no effect; it applies only where partition.manifest is not "
        "given"));
    CHECK(scenarios::to_toml(scenario).find("\nclients = ") == std::string::npos);
  }
}

TEST_CASE("a limit of the default is reported at the key that was given") {
  CHECK(tests::only_error("[partition]\nclients = 8\n") ==
        "scenario.toml:6:11: clients.per_round: 10 clients cannot be picked; allowed: at most "
        "partition.clients, 8");
}

TEST_CASE("overcommit is judged as the coordinator computes it") {
  const tests::ScenarioFolder folder;
  CHECK(folder
            .errors(tests::ScenarioFolder::required() +
                    "[clients]\nper_round = 10\novercommit = 1.1\n[partition]\nclients = 11\n")
            .empty());
}

TEST_CASE("a round cannot need more updates than it takes") {
  CHECK(tests::only_error("[clients]\nper_round = 4\nmin_updates = 5\n") ==
        "scenario.toml:7:15: clients.min_updates: 5 updates can never come in a round; allowed: at "
        "most clients.per_round, 4");
}

TEST_CASE("some condition must end the run") {
  CHECK(tests::only_error("[stop]\nversions = 0\n") ==
        "scenario.toml:5:1: stop: nothing would end the run; allowed: at least one of versions, "
        "virtual_seconds and updates above 0");
}

TEST_CASE("the default number of versions yields to another limit") {
  const tests::ScenarioFolder folder;
  const auto stop = [&](const std::string& text, const Lines& sets = {}) {
    return folder.read(tests::ScenarioFolder::required() + text, sets).federation.stop;
  };
  CHECK(stop("").versions == 20);
  CHECK(stop("[stop]\n").versions == 20);
  CHECK(stop("[stop]\nvirtual_seconds = 0\nupdates = 0\n").versions == 20);
  CHECK(stop("[stop]\nvirtual_seconds = 9\n").versions == 0);
  CHECK(stop("[stop]\nupdates = 9\n").versions == 0);
  CHECK(stop("", {"stop.updates=9"}).versions == 0);
  CHECK(stop("[stop]\nversions = 20\nupdates = 9\n").versions == 20);
  CHECK(stop("[stop]\nversions = 7\n", {"stop.virtual_seconds=9"}).versions == 7);
}

TEST_CASE("alternatives exclude each other, unless one is 0") {
  CHECK(tests::only_error("[train]\nsteps = 5\nepochs = 1\n") ==
        "scenario.toml:7:10: train.epochs: cannot stand beside steps; give only one of them");
  CHECK(tests::only_error("[train]\nbatch_size = 5\nbatch_tokens = 100\n") ==
        "scenario.toml:7:16: train.batch_tokens: cannot stand beside batch_size; give only one of "
        "them");
  CHECK(
      tests::only_error("[[partition.skew]]\nby = \"context_length\"\nbins = 3\nedges = [10]\n") ==
      "scenario.toml:7:8: partition.skew.0.bins: cannot stand beside edges; give only one of "
      "them");
  const tests::ScenarioFolder folder;
  const auto scenario =
      folder.read(tests::ScenarioFolder::required() + "[train]\nsteps = 0\nepochs = 3\n");
  CHECK(scenario.federation.train.epochs == 3);
}

TEST_CASE("a tier says how fast it is") {
  CHECK(tests::only_error("[[devices.tiers]]\nname = \"fast\"\n") ==
        "scenario.toml:5:1: devices.tiers.0.tokens_per_second: is missing (or teraflops); "
        "allowed: above 0");
  CHECK(tests::only_error("[devices]\ntiers = [{ share = 0, tokens_per_second = 5 }]\n") ==
        "scenario.toml:6:20: devices.tiers.0.share: 0.0 is out of range; allowed: above 0");
  CHECK(tests::only_error("[devices]\ntiers = [{ teraflops = 1 }, { teraflops = 2 }]\n") ==
        "scenario.toml:6:9: devices.tiers: two tiers have the name \"default\"");
}

TEST_CASE("an outage is planned or random, ends, and hits a tier that there is") {
  const std::string start = "[[availability.outages]]\n";
  CHECK(tests::only_error(start) ==
        "scenario.toml:5:1: availability.outages.0.duration_seconds: is missing (or "
        "mean_between_seconds); allowed: above 0");
  CHECK(tests::only_error(start + "mean_between_seconds = 50\nduration_seconds = 5\n") ==
        "scenario.toml:7:20: availability.outages.0.duration_seconds: cannot stand beside "
        "mean_between_seconds; give only one of them");
  CHECK(tests::only_error(start + "duration_seconds = 5\nevery_seconds = 4\n") ==
        "scenario.toml:5:1: availability.outages: every_seconds of entry 0 must be 0 or above its "
        "duration_seconds, or the outage never ends");
  CHECK(tests::only_error("[availability]\noutages = [{ duration_seconds = 5, tier = \"fats\" }]\n"
                          "[devices]\ntiers = [{ name = \"fast\", tokens_per_second = 5 }]\n") ==
        "scenario.toml:6:11: availability.outages: tier \"fats\" of entry 0 is not known; allowed: "
        "fast; did you mean fast?");
  const tests::ScenarioFolder folder;
  const auto scenario = folder.read(tests::ScenarioFolder::required() + start +
                                    "mean_between_seconds = 50\ntier = \"default\"\n");
  CHECK(scenario.federation.availability.outages.at(0).mean_seconds == 60.0);
  CHECK(scenario.warnings.empty());
}

TEST_CASE("keys of another model of availability have no effect") {
  const tests::ScenarioFolder folder;
  const auto warnings = [&](const std::string& text) {
    return folder.read(tests::ScenarioFolder::required() + "[availability]\n" + text).warnings;
  };
  CHECK(warnings("model = \"markov\"\nmean_up_seconds = 5\nleaving = \"pause\"\n").empty());
  CHECK(
      warnings("model = \"daily\"\nmean_up_seconds = 5\n")
          .at(0)
          .ends_with("availability.mean_up_seconds: has no effect; it applies only where model is "
                     "\"markov\""));
  CHECK(warnings("leaving = \"pause\"\n").size() == 1);
  CHECK(warnings("model = \"file\"\nfile = \"rows.jsonl\"\nrepeat_seconds = 60\n").empty());
  CHECK(tests::only_error("[availability]\nmodel = \"file\"\n") ==
        "scenario.toml:5:1: availability.file: is missing");
  CHECK(tests::only_error("[availability]\nmodel = \"file\"\nfile = \"none.csv\"\n") ==
        "scenario.toml:7:8: availability.file: no such file: none.csv");
}

TEST_CASE("a file of devices makes shares idle, and knows its tiers by itself") {
  const tests::ScenarioFolder folder;
  const auto scenario = folder.read(
      tests::ScenarioFolder::required() +
      "[devices]\nfile = \"rows.jsonl\"\ntiers = [{ name = \"a\", tokens_per_second = 5, share = "
      "0.5 }]\n[availability]\noutages = [{ tier = \"b\", duration_seconds = 1 }]\n");
  REQUIRE(scenario.warnings.size() == 1);
  CHECK(
      scenario.warnings[0].ends_with("devices.tiers.0.share: has no effect; it applies only where "
                                     "devices.file is not given"));
  CHECK(scenario.federation.devices.file.filename() == "rows.jsonl");
}

TEST_CASE("edges ascend and target modules are distinct") {
  CHECK(tests::only_error("[[partition.skew]]\nby = \"context_length\"\nedges = [10, 10]\n")
            .ends_with("partition.skew: edges of entry 0 must ascend"));
  CHECK(tests::only_error("[lora]\ntarget_modules = []\n") ==
        "scenario.toml:6:18: lora.target_modules: names no module; allowed: at least one");
  CHECK(tests::only_error("[lora]\ntarget_modules = [\"fc1\", \"fc1\"]\n") ==
        "scenario.toml:6:18: lora.target_modules: names a module twice");
  CHECK(tests::only_error("[lora]\ntarget_modules = [\"fc1\", \"all-linear\"]\n") ==
        "scenario.toml:6:18: lora.target_modules: \"all-linear\" stands for all modules, alone");
}

TEST_CASE("a device has a name, and float16 needs a GPU") {
  CHECK(tests::only_error("[slots]\ndevice = \"cuda:x\"\n") ==
        "scenario.toml:6:10: slots.device: \"cuda:x\" is no device; allowed: cpu, cuda, cuda:N, "
        "cuda:*, or several like cuda:0,cuda:2");
  const tests::ScenarioFolder folder;
  const std::string half =
      "[data]\npath = \"rows.jsonl\"\n[model]\npath = \"base\"\ndtype = \"float16\"\n";
  CHECK(folder.errors(half) ==
        Lines{"scenario.toml:5:9: model.dtype: float16 needs a GPU (slots.device): LibTorch has no "
              "float16 matrix products on CPUs; allowed there: float32, bfloat16"});
  for (const std::string device : {"cuda", "cuda:1", "cuda:*", "cuda:1,cuda:0"}) {
    CHECK(folder.errors(half + "[slots]\ndevice = \"" + device + "\"\n").empty());
  }
}

TEST_CASE("a name fits into a file name") {
  const tests::ScenarioFolder folder;
  for (const std::string name : {"", "../x", "a b", ".hidden"}) {
    const Lines errors =
        folder.errors("name = \"" + name + "\"\n" + tests::ScenarioFolder::required());
    REQUIRE(errors.size() == 1);
    CHECK(errors[0].starts_with("scenario.toml:1:8: name: \"" + name + "\" cannot be part of"));
  }
}

TEST_CASE("paths must lead to what they name") {
  const tests::ScenarioFolder folder;
  CHECK(folder.errors("[model]\npath = \"rows.jsonl\"\n[data]\npath = \"base\"\n") ==
        Lines{"scenario.toml:2:8: model.path: rows.jsonl is not a folder",
              "scenario.toml:4:8: data.path: base is not a file"});
  CHECK(
      folder.errors("[model]\npath = \"base/\"\n[data]\npath = \"debian_descriptions.jsonl\"\n") ==
      Lines{"scenario.toml:4:8: data.path: no such file: debian_descriptions.jsonl; make it "
            "with: lorafleet import debian-descriptions"});
}

TEST_CASE("Krum's f must leave a fold enough honest updates") {
  const std::string krum = "[aggregation]\nrobust = \"krum\"\n";
  CHECK(
      tests::only_error("[clients]\nper_round = 8\n" + krum + "byzantine = 3\n") ==
      "scenario.toml:9:13: aggregation.byzantine: 3 false updates need a fold of at least 2 f + 3 "
      "= 9, but one has 8");
  CHECK(tests::only_error(krum + "mode = \"fedbuff\"\nbuffer_size = 2\n") ==
        "scenario.toml:6:10: aggregation.byzantine: 0 false updates need a fold of at least 2 f + "
        "3 = 3, but one has 2");
  CHECK(tests::only_error(krum + "byzantine = 1.5\n") ==
        "scenario.toml:7:13: aggregation.byzantine: is neither a share nor a number of updates; "
        "allowed: below 1, or a whole number");
  CHECK(tests::only_error("[aggregation]\nrobust = \"multi_krum\"\nkrum_keep = 11\n") ==
        "scenario.toml:7:13: aggregation.krum_keep: keeps more updates than a fold has; allowed: "
        "at most 10");
  const tests::ScenarioFolder folder;
  const auto required = tests::ScenarioFolder::required();
  CHECK(folder.errors(required + "[clients]\nper_round = 9\n" + krum + "byzantine = 3\n").empty());
  CHECK(folder.errors(required + krum).empty());
  const auto asynchronous = folder.read(required + krum + "mode = \"fedasync\"\n");
  REQUIRE(asynchronous.warnings.size() == 1);
  CHECK(
      asynchronous.warnings[0].ends_with("aggregation.robust: has no effect; it applies only "
                                         "where aggregation.mode is not \"fedasync\""));
  CHECK(asynchronous.federation.aggregation.robust == "none");
}

TEST_CASE("power of choice draws at least as many as a round takes") {
  CHECK(tests::only_error("[clients]\nselection = \"power_of_choice\"\npower_d = 9\n") ==
        "scenario.toml:7:11: clients.power_d: 9 candidates are fewer than a round takes; allowed: "
        "at least clients.per_round, 10");
}

TEST_CASE("options of one selection have no effect on another") {
  const tests::ScenarioFolder folder;
  const auto scenario = folder.read(tests::ScenarioFolder::required() +
                                    "[clients]\nselection = \"oort\"\npower_d = 3\n"
                                    "oort = { exploration = 0.5, step_seconds = 3, "
                                    "quantile_step = 0.1 }\n");
  CHECK(scenario.federation.clients.oort.exploration == 0.5);
  CHECK(scenario.federation.clients.oort.step_seconds == 3.0);
  REQUIRE(scenario.warnings.size() == 2);
  CHECK(scenario.warnings[0].find("clients.power_d: has no effect") != std::string::npos);
  CHECK(
      scenario.warnings[1].find("clients.oort.quantile_step: has no effect; it applies only where "
                                "step_seconds is 0") != std::string::npos);
}

TEST_CASE("attackers are clients of a tier that there is") {
  const std::string attack = "[[faults.attackers]]\nattack = ";
  CHECK(tests::only_error(attack + "\"nan\"\ntier = \"phone\"\n")
            .ends_with("faults.attackers: tier of entry 0: \"phone\" is no tier; known: default"));
  CHECK(tests::only_error(attack + "\"nan\"\nshare = 0.6\n" + attack +
                          "\"scale\"\nscale = 5\nshare = "
                          "0.6\n")
            .ends_with("faults.attackers: the shares of the entries sum to more than 1"));
  CHECK(tests::only_error(attack + "\"scale\"\n")
            .ends_with("faults.attackers: scale of entry 0 is 1, which changes nothing; allowed: "
                       "any other factor"));
  CHECK(tests::only_error("[[faults.attackers]]\nshare = 0.5\n")
            .find("faults.attackers.0.attack: is missing") != std::string::npos);
  CHECK(tests::only_error(attack + "\"sign_flop\"\n").find("sign_flip") != std::string::npos);
  const tests::ScenarioFolder folder;
  const auto scenario =
      folder.read(tests::ScenarioFolder::required() + attack + "\"free_rider\"\nscale = 3\n");
  REQUIRE(scenario.warnings.size() == 1);
  CHECK(scenario.warnings[0].find("faults.attackers.0.scale: has no effect") != std::string::npos);
  CHECK(scenario.federation.faults.attackers.at(0).attack == "free_rider");
}

TEST_CASE("messages are compressed by codecs that exist") {
  CHECK(tests::only_error("[network]\ncompress_down = \"topk\"\n").find("none, float16") !=
        std::string::npos);
  CHECK(tests::only_error("[network]\ncompress_up = \"topk\"\ntopk_share = 0\n")
            .find("network.topk_share") != std::string::npos);
  const tests::ScenarioFolder folder;
  const auto scenario = folder.read(tests::ScenarioFolder::required() +
                                    "[network]\ncompress_up = \"int8\"\ntopk_share = 0.5\n");
  REQUIRE(scenario.warnings.size() == 1);
  CHECK(scenario.federation.network.compress_up == "int8");
}

TEST_CASE("keys without effect are warned of and hold their defaults") {
  const tests::ScenarioFolder folder;
  const auto scenario = folder.read(
      tests::ScenarioFolder::required() +
      "[clients]\nper_round = 4\ndeadline_seconds = 9\n[aggregation]\nmode = \"fedasync\"\n"
      "staleness = { fn = \"constant\", a = 2 }\n[[partition.skew]]\nby = \"iid\"\nalpha = 3\n");
  REQUIRE(scenario.warnings.size() == 4);
  const std::string prefix = (folder.path() / "scenario.toml").string();
  CHECK(scenario.warnings[0] == prefix +
                                    ":6:13: clients.per_round: has no effect; it applies only "
                                    "where aggregation.mode is \"sync\" or \"tiered\"");
  CHECK(scenario.warnings[1].find("clients.deadline_seconds: has no effect") != std::string::npos);
  CHECK(scenario.warnings[2].find("aggregation.staleness.a: has no effect; it applies only where "
                                  "fn is \"polynomial\" or \"hinge\"") != std::string::npos);
  CHECK(scenario.warnings[3].find("partition.skew.0.alpha: has no effect") != std::string::npos);
  CHECK(scenario.federation.clients.per_round == strategy::ClientsConfig{}.per_round);
  CHECK(scenario.federation.partition.skews[0].alpha == partition::SkewConfig{}.alpha);
}

}  // namespace
}  // namespace lorafleet
