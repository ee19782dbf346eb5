import type { INestApplication } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { healthHandler } from 'partywall/express'
import { AppModule } from './app.module.ts'
import type { AppTenancy } from './tenancy.ts'

/** The API. Tests give it a tenancy on their own database. */
export async function createApp(tenancy: AppTenancy): Promise<INestApplication> {
  const app = await NestFactory.create(AppModule.on(tenancy), { logger: ['error', 'warn'] })
  // In front of the scope: health checks have no tenant.
  app.use('/live', healthHandler(tenancy, { probe: 'live' }))
  app.use('/ready', healthHandler(tenancy))
  // SIGTERM and Ctrl-C close the tenancy, too.
  app.enableShutdownHooks()
  return app
}
