"""A cluster of three RabbitMQ nodes under load, of which one after the other is killed: nothing that was confirmed is lost."""
