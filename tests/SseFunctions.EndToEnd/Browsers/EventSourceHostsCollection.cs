namespace SseFunctions.EndToEnd.Browsers;

[CollectionDefinition(EventSourceHosts.Collection)]
public sealed class EventSourceHostsCollection : ICollectionFixture<EventSourceHosts>, ICollectionFixture<Browser>;
