"""A Kafka cluster that speaks the protocol over TCP: librdkafka's own, as its tests use it, inside this process."""

from dataclasses import dataclass, field
from typing import Any

from confluent_kafka import Consumer, Producer, TopicPartition


@dataclass
class Cluster:
    """Brokers on ports of their own, for as long as the object lives."""

    brokers: int = 3
    _host: Any = field(init=False)
    servers: str = field(init=False)

    def __post_init__(self) -> None:
        self._host = Producer({"bootstrap.servers": "mock", "test.mock.num.brokers": self.brokers})
        known = self._host.list_topics(timeout=10).brokers.values()
        self.servers = ",".join(f"{broker.host}:{broker.port}" for broker in known)

    def close(self) -> None:
        """Stop all brokers."""
        self._host = None

    def read(self, topic: str, count: int) -> list[Any]:
        """Return the first ``count`` messages of a topic, or as many as came in ten seconds, in order of partitions."""
        consumer = Consumer({"bootstrap.servers": self.servers, "group.id": "test"})
        partitions = consumer.list_topics(topic, timeout=10).topics[topic].partitions
        consumer.assign([TopicPartition(topic, number, 0) for number in partitions])
        try:
            found: list[Any] = []
            for _ in range(40):
                found += consumer.consume(count - len(found), timeout=0.25)
                if len(found) >= count:
                    break
            return sorted(found, key=lambda message: (message.partition(), message.offset()))
        finally:
            consumer.close()
