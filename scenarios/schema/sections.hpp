#pragma once

#include "scenarios/schema/schema.hpp"

namespace lorafleet::scenarios {

// The tables of the sections: every key of a scenario has its one entry in these functions. A new
// key of a config struct needs an entry here and nothing else: reading, ranges, hints, the written
// scenario,
// --set and the reference follow from it.

Table model_table();
Table lora_table();
Table train_table();
Table evaluation_table();

/// Bound to FederationConfig: its keys belong to DataConfig and EncodingConfig.
Table data_table();
Table partition_table();

Table clients_table();
Table aggregation_table();
Table stop_table();

Table devices_table();
Table network_table();
Table availability_table();
Table faults_table();
Table slots_table();
Table surrogate_table();
Table checkpoint_table();
Table output_table();
Table tls_table();

}  // namespace lorafleet::scenarios
