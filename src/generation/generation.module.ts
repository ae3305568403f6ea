import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';

import { MediaModule } from '../media/index.js';
import { ProvidersModule } from '../providers/index.js';

import { ChatRunner } from './chat/chat.runner.js';
import { ChatService } from './chat/chat.service.js';
import { EmbeddingService } from './embeddings/embedding.service.js';
import { GenerationController } from './history/generation.controller.js';
import { GenerationHistory } from './history/generation-history.js';
import { ImageController } from './images/image.controller.js';
import { ImageRunner } from './images/image.runner.js';
import { ImageService } from './images/image.service.js';
import { OpenAiController } from './openai/openai.controller.js';
import { OpenAiVideosController } from './openai/videos.controller.js';
import { ResponsesController } from './responses/responses.controller.js';
import { ResponseRequests } from './responses/response.requests.js';
import { ScriptController } from './scripts/script.controller.js';
import { ScriptService } from './scripts/script.service.js';
import { Targets } from './targets.js';
import { VideoController } from './videos/video.controller.js';
import { VideoMakers } from './videos/video.makers.js';
import { VideoRunner } from './videos/video.runner.js';
import { VideoService } from './videos/video.service.js';
import { VideoWorker } from './videos/video.worker.js';
import { VideoCreationStep } from './videos/video-creation.step.js';
import { VideoDeliveryStep } from './videos/video-delivery.step.js';
import { VideoEndings } from './videos/video-endings.js';
import { VideoJobEntity } from './videos/video-job.entity.js';
import { VideoJobStore } from './videos/video-job.store.js';
import { VideoProgressStep } from './videos/video-progress.step.js';
import { VideoReservations } from './videos/video-reservations.js';

const VIDEOS = [
  VideoJobStore,
  VideoReservations,
  VideoMakers,
  VideoRunner,
  VideoEndings,
  VideoCreationStep,
  VideoProgressStep,
  VideoDeliveryStep,
  VideoWorker,
  VideoService,
];

/** What is sold: scripts, images, videos and plain LLM calls, guarded by the rate limiting and made by the providers. */
@Module({
  imports: [ProvidersModule, MediaModule, TypeOrmModule.forFeature([VideoJobEntity])],
  controllers: [
    ScriptController,
    ImageController,
    VideoController,
    GenerationController,
    OpenAiController,
    OpenAiVideosController,
    ResponsesController,
  ],
  providers: [
    Targets,
    ChatRunner,
    ChatService,
    ResponseRequests,
    ScriptService,
    EmbeddingService,
    ImageRunner,
    ImageService,
    GenerationHistory,
    ...VIDEOS,
  ],
  exports: [ChatRunner, ChatService],
})
export class GenerationModule {}
