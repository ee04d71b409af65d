migrate((app) => {
  const users = app.findCollectionByNameOrId("users");
  const tasks = new Collection({
    type: "base",
    name: "tasks",
    listRule: "owner = @request.auth.id",
    viewRule: "owner = @request.auth.id",
    createRule: "owner = @request.auth.id",
    updateRule: "owner = @request.auth.id",
    deleteRule: "owner = @request.auth.id",
    fields: [
      { name: "owner", type: "relation", collectionId: users.id, required: true, maxSelect: 1, cascadeDelete: true },
      { name: "title", type: "text", required: true, max: 100 },
      { name: "description", type: "text", max: 10000 },
      { name: "status_task", type: "select", required: true, maxSelect: 1, values: ["TO DO", "IN PROGRESS", "DONE"] },
      { name: "priority", type: "select", required: true, maxSelect: 1, values: ["LOW", "MEDIUM", "HIGH"] },
      { name: "due_date", type: "date" },
      { name: "date_created", type: "autodate", onCreate: true },
      { name: "last_updated", type: "autodate", onCreate: true, onUpdate: true },
    ],
    indexes: ["CREATE INDEX idx_tasks_owner ON tasks (owner, date_created)"],
  });
  app.save(tasks);
  const settings = app.settings();
  settings.batch.enabled = true;
  settings.batch.maxRequests = 100;
  settings.batch.timeout = 60;
  app.save(settings);
});
