import { Module } from '@nestjs/common';

import { MediaModule } from '../media/index.js';
import { ProvidersModule } from '../providers/index.js';

import { ChatRunner } from './chat/chat.runner.js';
import { ChatService } from './chat/chat.service.js';
import { EmbeddingService } from './embeddings/embedding.service.js';
import { ImageController } from './images/image.controller.js';
import { ImageRunner } from './images/image.runner.js';
import { ImageService } from './images/image.service.js';
import { OpenAiController } from './openai/openai.controller.js';
import { ResponsesController } from './responses/responses.controller.js';
import { ResponseRequests } from './responses/response.requests.js';
import { ScriptController } from './scripts/script.controller.js';
import { ScriptService } from './scripts/script.service.js';
import { Targets } from './targets.js';

/** What is sold: scripts, images and plain LLM calls, guarded by the rate limiting and made by the providers. */
@Module({
  imports: [ProvidersModule, MediaModule],
  controllers: [ScriptController, ImageController, OpenAiController, ResponsesController],
  providers: [
    Targets,
    ChatRunner,
    ChatService,
    ResponseRequests,
    ScriptService,
    EmbeddingService,
    ImageRunner,
    ImageService,
  ],
})
export class GenerationModule {}
