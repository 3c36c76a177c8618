namespace SseFunctions.EndToEnd;

[CollectionDefinition(EventSourceHosts.Collection)]
public sealed class EventSourceHostsCollection : ICollectionFixture<EventSourceHosts>, ICollectionFixture<Browser>;
