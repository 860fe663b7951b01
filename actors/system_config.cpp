#include "actors/system_config.hpp"

#include <caf/io/middleman.hpp>

#include "model/device/process.hpp"

namespace lorafleet::actors {

namespace {

class TorchThreadHook final : public caf::thread_hook {
 public:
  explicit TorchThreadHook(TorchThreads threads) : threads_(std::move(threads)) {}
  void init(caf::actor_system&) override {}
  void thread_started() override { model::configure_thread(*threads_); }
  void thread_terminates() override {}

 private:
  TorchThreads threads_;
};

}  // namespace

SystemConfig::SystemConfig(TorchThreads threads, std::size_t workers, bool network) {
  add_message_types<caf::id_block::lorafleet>();
  add_message_types<caf::id_block::lorafleet_network>();
  add_thread_hook<TorchThreadHook>(std::move(threads));
  set("scheduler.max-threads", workers);
  // Workers that steal look for work again and again, and interrupt the slots each time: jobs of
  // one step took a fifth longer.
  set("scheduler.policy", caf::atom("sharing"));
  if (network) load<caf::io::middleman>();
}

}  // namespace lorafleet::actors
