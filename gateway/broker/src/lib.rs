//! The embedded MQTT broker (rumqttd) in a supervised child process.
