/** Answers what partywall refuses, in the same bytes as every other adapter. All other errors go to the filters of the application, or to Nest's own. */
import { Catch, Logger, type ArgumentsHost, type ExceptionFilter, type HttpServer } from '@nestjs/common'
import type { HttpAdapterHost } from '@nestjs/core'
import { errorAnswer, type RefusalOptions } from '../shared/refusal.ts'
import { RefusedRequest } from './refused-request.ts'

/**
 * What the filter catches, as Nest asks: with `instanceof`. A library may have put the TenancyError into an error of its own, whose class says nothing; a
 * filter that caught everything would take the errors of the application from its filters.
 */
// oxlint-disable-next-line typescript/no-extraneous-class -- a class is what @Catch takes
class Answered {
  static [Symbol.hasInstance](error: unknown): boolean {
    return error instanceof RefusedRequest || errorAnswer(error) !== undefined
  }
}

export class TenancyFilter implements ExceptionFilter {
  readonly #logger = new Logger('partywall')
  readonly #adapterHost: HttpAdapterHost
  readonly #options: RefusalOptions

  constructor(adapterHost: HttpAdapterHost, options: RefusalOptions) {
    this.#adapterHost = adapterHost
    this.#options = options
  }

  /** Outside of HTTP the error goes back to the library that runs the handler, such as GraphQL. */
  catch(error: unknown, host: ArgumentsHost): unknown {
    return host.getType() === 'http' ? this.#answer(error, host) : error
  }

  #answer(error: unknown, host: ArgumentsHost): void {
    const { status, headers, body } = error instanceof RefusedRequest ? error.answer : errorAnswer(error, this.#options)!
    if (status >= 500) this.#logger.error(error)
    const adapter: HttpServer = this.#adapterHost.httpAdapter
    const response = host.switchToHttp().getResponse<object>()
    // The client has the head already: it must not take what it got for the whole.
    if (this.#adapterHost.httpAdapter.isHeadersSent(response)) return rawOf(response).destroy()
    for (const [name, value] of Object.entries(headers)) adapter.setHeader!(response, name, value)
    adapter.reply(response, body, status)
  }
}

Catch(Answered)(TenancyFilter)

interface Destroyable {
  destroy(): void
}

/** Fastify has its own response around the one of Node.js. */
function rawOf(response: object): Destroyable {
  return ('raw' in response ? response.raw : response) as Destroyable
}
