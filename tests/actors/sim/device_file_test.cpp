#include "actors/sim/device_file.hpp"

#include <doctest/doctest.h>

#include <map>

#include "actors/sim/fleet.hpp"
#include "partition/support/error.hpp"
#include "partition/support/files.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace lorafleet;
using namespace lorafleet::sim;

namespace {

std::string refusal(const std::string& text) {
  try {
    (void)parse_device_file(text, "devices.csv");
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

struct DeviceFolder {
  tests::TemporaryFolder folder;
  DevicesConfig devices;
  NetworkConfig network;

  explicit DeviceFolder(const std::string& text) {
    devices.file = folder / "devices.csv";
    write_file(devices.file, text);
  }
  Fleet fleet(std::size_t clients, double flops = 0.0) const {
    return {devices, network, clients, 1, flops};
  }
  [[nodiscard]] std::string refusal(std::size_t clients) const {
    try {
      (void)fleet(clients);
    } catch (const InputError& error) {
      const std::string what = error.what();
      return what.substr(what.find("devices.csv"));
    }
    return "";
  }
};

}  // namespace

TEST_CASE("a table of devices is read column by column") {
  const auto rows = parse_device_file(
      "\xEF\xBB\xBFrank,tier,teraflops,upload_mbps, watts\n"
      "# two phones\n8,phone,0.5,12.5,4\r\n\n,phone,,,\n",
      "devices.csv");
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].line == 3);
  CHECK(rows[0].tier == "phone");
  CHECK(rows[0].rank == 8);
  CHECK(rows[0].teraflops == 0.5);
  CHECK(rows[0].upload_mbps == 12.5);
  CHECK(rows[0].watts == 4.0);
  CHECK(!rows[0].tokens_per_second);
  CHECK(!rows[0].download_mbps);
  CHECK(rows[1].line == 5);
  CHECK(rows[1].rank == 0);
  CHECK(!rows[1].teraflops);
  CHECK(!rows[1].watts);
}

TEST_CASE("names in quotes may hold commas, blanks and quotes") {
  const auto rows = parse_device_file(
      "tier,rank\n\"phone, old\",4\n \"say \"\"hi\"\"\" ,8\nlate \"quotes\",16\n\" edge \",2\n",
      "devices.csv");
  REQUIRE(rows.size() == 4);
  CHECK(rows[0].tier == "phone, old");
  CHECK(rows[0].rank == 4);
  CHECK(rows[1].tier == "say \"hi\"");
  CHECK(rows[2].tier == "late \"quotes\"");
  CHECK(rows[3].tier == " edge ");
  CHECK(refusal("tier,rank\n\"phone, old,4\n").starts_with("devices.csv:2: the quote that begins"));
  CHECK(refusal("tier,rank\n\"a\"b,4\n").starts_with("devices.csv:2: there is text after"));
  CHECK(refusal("tier,rank\n\"a\nb\",4\n").starts_with("devices.csv:2:tier: "));
  CHECK(refusal("tier,rank\na\x1B,4\n").find("has control characters") != std::string::npos);
}

TEST_CASE("bad cells are named by file, line and column") {
  CHECK(refusal("tokens_per_second\n5\nfast\n") ==
        "devices.csv:3:tokens_per_second: must be a finite number, not \"fast\"");
  CHECK(refusal("tokens_per_second\n0\n") ==
        "devices.csv:2:tokens_per_second: \"0\" is out of range; allowed: above 0");
  CHECK(refusal("latency_seconds\n-0.1\n") ==
        "devices.csv:2:latency_seconds: \"-0.1\" is out of range; allowed: 0 or more, at most "
        "1e+09");
  CHECK(refusal("rank\n2000\n") ==
        "devices.csv:2:rank: must be a whole number from 1 to 1024, not \"2000\"");
  CHECK(refusal("tokens_per_second,teraflops\n1,2\n") ==
        "devices.csv:2:teraflops: cannot stand beside tokens_per_second; give only one of them");
  CHECK(refusal("speed\n1\n").starts_with("devices.csv:1: unknown column \"speed\"; allowed"));
  CHECK(refusal("upload_mbp\n1\n").ends_with("did you mean upload_mbps?"));
  CHECK(refusal("rank,tier\n1\n") == "devices.csv:2: has 1 cells; the header has 2");
  CHECK(refusal("rank\n") == "devices.csv: has no devices");
}

TEST_CASE("a row is a client, and gives what its tier and the network would") {
  DeviceFolder folder(
      "tier,tokens_per_second,download_mbps,latency_seconds,rank,watts,cost_per_hour\n"
      "phone,70,,,4,,\n"
      "desk,,100,0.01,,300,0.5\n"
      "board,9,,,,,\n");
  DeviceTier desk;
  desk.name = "desk";
  desk.tokens_per_second = Distribution::constant(400.0);
  desk.upload_mbps = 33.0;
  desk.watts = 100.0;
  DeviceTier phone = desk;
  phone.name = "phone";
  phone.cost_per_hour = 0.125;
  folder.devices.tiers = {desk, phone};
  const Fleet fleet = folder.fleet(3);
  CHECK(fleet.tier_names() == std::vector<std::string>{"desk", "phone", "board"});
  CHECK(fleet.profile({0}) == DeviceProfile{1, 70.0, 50.0, 33.0, 0.05, 4, 100.0, 0.125});
  CHECK(fleet.profile({1}) == DeviceProfile{0, 400.0, 100.0, 33.0, 0.01, 0, 300.0, 0.5});
  CHECK(fleet.profile({2}) == DeviceProfile{2, 9.0, 50.0, 10.0, 0.05, 0, 0.0, 0.0});
}

TEST_CASE("a file with other than one row a client needs an order") {
  DeviceFolder folder("tokens_per_second\n1\n2\n3\n");
  CHECK(folder.refusal(4) ==
        "devices.csv: has 3 devices for 4 clients; allowed: one for each, or devices.file_order = "
        "\"cycle\" or \"sample\"");
  folder.devices.file_order = "cycle";
  const Fleet cycled = folder.fleet(7);
  for (std::uint32_t c = 0; c < 7; ++c)
    CHECK(cycled.profile({c}).tokens_per_second == 1.0 + c % 3);
  CHECK(folder.fleet(2).profile({1}).tokens_per_second == 2.0);

  folder.devices.file_order = "sample";
  std::map<double, int> counts;
  const Fleet sampled = folder.fleet(3000);
  for (std::uint32_t c = 0; c < 3000; ++c)
    ++counts[sampled.profile({c}).tokens_per_second];
  CHECK(counts.size() == 3);
  for (const auto& [speed, count] : counts)
    CHECK(count == doctest::Approx(1000).epsilon(0.1));  // deviation 26
  CHECK(folder.fleet(3000).profile({17}) == sampled.profile({17}));

  folder.devices.file_order = "random";
  CHECK_THROWS_AS(folder.fleet(3), InputError);
}

TEST_CASE("somebody must say how fast a device is") {
  DeviceFolder folder("tier,teraflops\nphone,\n");
  DeviceTier tier;
  tier.name = "phones";
  folder.devices.tiers = {tier};
  CHECK(
      folder.refusal(1) ==
      "devices.csv:2: does not say how fast the device is; allowed: tokens_per_second, teraflops, "
      "or a tier that [devices] tiers has (did you mean phones?)");
  write_file(folder.devices.file, "teraflops\n0.5\n");
  CHECK(folder.refusal(1) ==
        "devices.csv:2: \"default\" gives teraflops, but the FLOP a token are not known");
  CHECK(folder.fleet(1, 1e9).profile({0}).tokens_per_second == 500.0);
}
