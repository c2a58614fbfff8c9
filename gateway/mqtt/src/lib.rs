//! The MQTT session layer: deliveries in, results out, acknowledgements in order.
