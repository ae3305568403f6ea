/** Workspaces, their members and keys, and the messages that workers answer in their name. */
export { MessagesModule } from './messages.module.js';
export { WorkspacesModule } from './workspaces.module.js';
