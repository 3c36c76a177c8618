namespace SseFunctions.EndToEnd.Support;

[CollectionDefinition(WorkerTarget.Collection)]
public sealed class WorkerTargetCollection : ICollectionFixture<WorkerTarget>;
