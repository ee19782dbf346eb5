/** The application in what a module exports: by default, or as `app` and the like; as it is, as a promise, or as a function that makes it, perhaps of the tenancy. */
import { Server } from 'node:net'
import type { SeenApp } from './app-facts.ts'
import { isExpress, isRouter, seeExpress } from './express-app.ts'
import { isFastify, seeFastify } from './fastify-app.ts'
import { isHono, seeHono } from './hono-app.ts'

/** @throws Error that says what the module exports instead */
export async function seeAppOf(module: Readonly<Record<string, unknown>>, tenancy?: unknown): Promise<SeenApp> {
  for (const given of candidates(module)) {
    const seen = await seeApp(await given)
    if (seen !== undefined) return seen
  }
  // Only now: a function that is called may do anything.
  for (const given of candidates(module)) {
    if (
      typeof given !== 'function' ||
      given.length > (tenancy === undefined ? 0 : 1) ||
      /^class\b/.test(Function.prototype.toString.call(given))
    )
      continue
    const seen = await seeApp(await (given as (tenancy: unknown) => unknown)(tenancy))
    if (seen !== undefined) return seen
  }
  const names = Object.keys(module).join(', ') || 'nothing'
  throw new Error(
    `it exports ${names}, and none of these is an application of Express, Fastify, Hono or NestJS, or a function that makes one, without parameters or of the tenancy`,
  )
}

async function seeApp(app: unknown): Promise<SeenApp | undefined> {
  if (isNest(app)) return seeNest(app)
  if (isExpress(app) || isRouter(app)) return seeExpress(app as object)
  if (isFastify(app)) return seeFastify(app)
  if (isHono(app)) return seeHono(app)
  if (app instanceof Server) return firstOf(app.listeners('request'))
  return undefined
}

/** http.createServer(app) calls the application for each request. */
async function firstOf(listeners: readonly unknown[]): Promise<SeenApp | undefined> {
  for (const listener of listeners) {
    const seen = await seeApp(listener)
    if (seen !== undefined) return seen
  }
  return undefined
}

interface NestLike {
  init(): Promise<unknown>
  getHttpAdapter(): { getInstance(): unknown }
}

function isNest(app: unknown): app is NestLike {
  return (
    typeof app === 'object' &&
    app !== null &&
    ['init', 'getHttpAdapter'].every((name) => typeof Reflect.get(app, name) === 'function')
  )
}

/** NestJS adds its routes to the Express or Fastify below it when it is initialized. */
async function seeNest(app: NestLike): Promise<SeenApp | undefined> {
  await app.init()
  const seen = await seeApp(app.getHttpAdapter().getInstance())
  return (
    seen && {
      ...seen,
      framework: `NestJS on ${seen.framework}`,
      hidden: [...seen.hidden, 'middlewares of consumer.apply(), which NestJS wraps'],
    }
  )
}

/** The default export first; a module in CommonJS that was compiled has it inside. */
function candidates(module: Readonly<Record<string, unknown>>): unknown[] {
  const standard = module['default']
  const inner =
    typeof standard === 'object' && standard !== null && '__esModule' in standard ? (standard as Record<string, unknown>) : {}
  const named = [inner['default'], standard, ...likelyNames.flatMap((name) => [module[name], inner[name]])]
  return [...new Set([...named, ...Object.values(module)])].filter((one) => one !== undefined && one !== null)
}

const likelyNames = ['app', 'application', 'server', 'fastify', 'createApp', 'buildApp', 'makeApp', 'build', 'router']
