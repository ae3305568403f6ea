/** What other modules may use of generation: making chats, for whoever meters them. */
export { contentOf } from './chat/answer-text.js';
export { type ChatCall, estimateChat } from './chat/chat-call.js';
export { type ChatAnswer, type ChatPiece, ChatRunner } from './chat/chat.runner.js';
export { ChatService } from './chat/chat.service.js';
export { GenerationModule } from './generation.module.js';
