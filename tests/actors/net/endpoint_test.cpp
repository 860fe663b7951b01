#include "actors/net/endpoint.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include "actors/net/assets.hpp"
#include "partition/support/error.hpp"
#include "partition/support/files.hpp"
#include "partition/support/hash.hpp"
#include "tests/support/temporary_folder.hpp"

namespace lorafleet::actors::net {
namespace {

TEST_CASE("addresses are read as they are written") {
  constexpr auto kListen = EndpointUse::listen;
  constexpr auto kConnect = EndpointUse::connect;
  const auto endpoint = parse_endpoint("[::1]:4242", "--listen", kListen);
  CHECK(endpoint.host == "::1");
  CHECK(endpoint.port == 4242);
  CHECK(endpoint.text() == "[::1]:4242");
  CHECK(parse_endpoint("head.lab:1", "x", kConnect).text() == "head.lab:1");
  CHECK(parse_endpoint("*:0", "x", kListen).text() == "*:0");
  const auto message = [](const std::string& text, EndpointUse use) -> std::string {
    try {
      return parse_endpoint(text, "--listen", use).text();
    } catch (const InputError& error) {
      return error.what();
    }
  };
  for (const auto& [bad, why] : std::vector<std::pair<std::string, std::string>>{
           {"", "has no port"},
           {"4242", "has no port"},
           {"host", "has no port"},
           {"[::1]", "has no port"},
           {":4242", "has no host"},
           {"[]:1", "has no host"},
           {"::1:4242", "IPv6 address without brackets"},
           {"host:", "no port that is a number from 0 to 65535"},
           {"host:x", "no port that is a number"},
           {"host:http", "no port that is a number"},
           {"host:-1", "no port that is a number"},
           {"host:70000", "no port that is a number"},
           {"host:1 ", "no port that is a number"},
           {"a host:1", "characters that no host has"},
           {"[::1:1", "brackets"},
           {"host\n:1", "characters that no host has"}}) {
    CAPTURE(bad);
    for (const auto use : {kListen, kConnect}) {
      if (use == kConnect && why.find("from 0") != why.npos) continue;
      CHECK(message(bad, use).find(why) != std::string::npos);
      CHECK(message(bad, use).find("allowed: HOST:PORT") != std::string::npos);
    }
  }
  CHECK(message("host:0", kConnect).find("port 0") != std::string::npos);
  CHECK(message("*:1", kConnect).find("nobody in particular") != std::string::npos);
}

TEST_CASE("a port is bound once, and a free one is found") {
  Listening first = listen_on({"127.0.0.1", 0});
  const std::uint16_t port = first.port();
  CHECK(port > 0);
  CHECK(first.loopback());
  CHECK(first.addresses() == "127.0.0.1:" + std::to_string(port));
  CHECK_THROWS_AS(listen_on({"127.0.0.1", port}), RuntimeFailure);
  const Socket peer = connect_to({"localhost", port}, std::chrono::seconds(5));
  CHECK(peer.loopback);
  CHECK(peer.address == first.addresses());
  ::close(peer.fd);
  first.close();
  CHECK_THROWS_AS(connect_to({"127.0.0.1", port}, std::chrono::seconds(5)), RuntimeFailure);
  CHECK_THROWS_AS(listen_on({"no-such-host.invalid", 0}), InputError);
}

TEST_CASE("every address of a name is listened on, with one port") {
  for (const std::string name : {"localhost", "*"}) {
    CAPTURE(name);
    Listening all = listen_on({name, 0});
    CHECK(all.loopback() == (name == "localhost"));
    for (const Socket& socket : all.sockets)
      CHECK(socket.port == all.port());
    CHECK(all.sockets.size() + all.passed_by.size() >= (name == "*" ? 2 : 1));
    for (const std::string address : {"127.0.0.1", "::1"}) {
      const bool v6 = address == "::1";
      const std::string bound = name == "localhost" ? address : v6 ? "::" : "0.0.0.0";
      const std::string text = Endpoint{bound, all.port()}.text();
      const bool listens = all.addresses().find(text) != std::string::npos;
      if (!listens) {
        MESSAGE(text << " is not listened on here");
        CHECK(v6);
        continue;
      }
      const Socket peer = connect_to({address, all.port()}, std::chrono::seconds(5));
      CHECK(peer.fd >= 0);
      ::close(peer.fd);
    }
    const auto port = all.port();
    CHECK_THROWS_AS(listen_on({name, port}), RuntimeFailure);
    all.close();
    listen_on({name, port}).close();
  }
}

TEST_CASE("a free port is one that is free at all addresses of the name") {
  Listening v6;
  try {
    v6 = listen_on({"::1", 0});
  } catch (const RuntimeFailure& failure) {
    MESSAGE("no IPv6 here: " << std::string(failure.what()));
    return;
  }
  try {
    listen_on({"*", v6.port()}).close();
    FAIL("bound twice");
  } catch (const RuntimeFailure& failure) {
    const std::string what = failure.what();
    CHECK(what.find("[::]:" + std::to_string(v6.port())) != std::string::npos);
  }
  v6.close();
}

TEST_CASE("an address that is not of this machine is refused by name") {
  try {
    listen_on({"192.0.2.1", 0});  // of the range for documents
    FAIL("bound");
  } catch (const RuntimeFailure& failure) {
    CHECK(std::string(failure.what()).find("192.0.2.1:0") != std::string::npos);
  }
}

TEST_CASE("an asset is found by name and content, whatever lies beside it") {
  const tests::TemporaryFolder folder;
  write_file(folder / "data.jsonl", "one");
  make_folder(folder / "a/b");
  write_file(folder / "a/data.jsonl", "two");
  write_file(folder / "a/b/data.jsonl", "one");
  const Asset asset{"data.path", "/not/here/data.jsonl", sha256_hex("one")};
  CHECK(find_asset(asset, {folder / "a"}) == folder / "a/b/data.jsonl");
  CHECK(find_asset({"data.path", folder / "data.jsonl", asset.sha256}, {}) ==
        folder / "data.jsonl");
  try {
    find_asset({"data.path", folder / "a/data.jsonl", asset.sha256}, {});
    FAIL("found");
  } catch (const InputError& error) {
    const std::string what = error.what();
    CHECK(what.find(sha256_hex("one")) != std::string::npos);
    CHECK(what.find(sha256_hex("two")) != std::string::npos);
  }
  CHECK_THROWS_AS(find_asset(asset, {folder / "nowhere"}), InputError);
}

TEST_CASE(
    "a model folder's hash depends on the files that a model is read from, and on no others") {
  const tests::TemporaryFolder folder;
  write_file(folder / "config.json", "{}");
  write_file(folder / "model.safetensors", "weights");
  const std::string before = content_hash(folder.path());
  write_file(folder / "README.md", "words");
  CHECK(content_hash(folder.path()) == before);
  write_file(folder / "chat_template.jinja", "{{ messages }}");
  const std::string chatty = content_hash(folder.path());
  CHECK(chatty != before);
  std::filesystem::remove(folder / "chat_template.jinja");
  write_file(folder / "model.safetensors", "other weights");
  CHECK(content_hash(folder.path()) != before);
}

}  // namespace
}  // namespace lorafleet::actors::net
