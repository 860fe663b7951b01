#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "actors/net/wire.hpp"

namespace lorafleet::actors::net {

/// What decides on the bytes that a process trains, besides the scenario and its files.
struct Environment {
  std::string version;  ///< LoRAFleet's
  std::string libtorch;
  std::string blas;
  std::string kernels;  ///< BLAS's
  std::string onednn;
  std::string isa;
  std::string cpu = {};  ///< said, not demanded
  friend bool operator==(const Environment&, const Environment&) = default;

  template <typename Self, typename Visitor>
  static void fields(Self& self, Visitor&& visit) {
    demanded(self, visit);
    visit("the processor", self.cpu);
  }
  /// What must be the same everywhere.
  template <typename Self, typename Visitor>
  static void demanded(Self& self, Visitor&& visit) {
    visit("LoRAFleet", self.version);
    visit("LibTorch", self.libtorch);
    visit("BLAS", self.blas);
    visit("BLAS's kernel set", self.kernels);
    visit("oneDNN", self.onednn);
    visit("the instruction set", self.isa);
  }
};

/// What is demanded: "LibTorch is 1.13.1 here and 2.6.0 there", one clause for each difference;
/// empty: none.
std::string difference(const Environment& here, const Environment& there);

/// The first frame of a host.
struct Hello {
  std::string name;            ///< for people; at most 64 bytes
  std::uint64_t instance = 0;  ///< the same as long as the process lives
  std::uint32_t slots = 0;
  Environment environment;
};
Bytes encode(const Hello& hello);
/// Throws ProtocolError, also for another version of the protocol.
Hello decode_hello(BytesView bytes);

/// A file or folder that a run reads, known by its content.
struct Asset {
  std::string key;             ///< of the scenario: "model.path"
  std::filesystem::path path;  ///< on the head
  std::string sha256;
};

/// What a host must have before it may train: sent as a parcel.
struct RunOffer {
  std::string identity;  ///< of scenario and assets: equal offers have equal ones
  std::string scenario;  ///< TOML
  std::vector<Asset> assets;
};
Bytes encode(const RunOffer& offer);
RunOffer decode_offer(BytesView bytes);

/// Payload of refused, ready (the fingerprint of what the host made of the offer), farewell and
/// status frames. Reading leaves out what cannot be printed.
Bytes encode_text(const std::string& text);
std::string decode_text(BytesView bytes, std::size_t longest = 1024);

}  // namespace lorafleet::actors::net
