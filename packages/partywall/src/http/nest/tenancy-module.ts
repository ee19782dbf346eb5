/** The module that holds the tenancy of an application, and enters the tenant of each request before guards, interceptors, pipes and handlers. */
import {
  Inject,
  Module,
  type DynamicModule,
  type FactoryProvider,
  type ModuleMetadata,
  type NestModule,
  type OnApplicationShutdown,
} from '@nestjs/common'
import { APP_FILTER, HttpAdapterHost } from '@nestjs/core'
import { TenancyError } from '../../errors.ts'
import { assertKnownKeys } from '../../known-keys.ts'
import type { HttpTenancy } from '../../ports/tenancy-like.ts'
import { seen } from '../../seen.ts'
import type { Attributes, RequestProperty } from '../../types.ts'
import { tenantScope } from '../express.ts'
import { tenantPlugin } from '../fastify.ts'
import { admissionKeys, type AdmissionOptions } from '../shared/admission-options.ts'
import { TenancyFilter } from './tenancy-filter.ts'

/** The request that the functions get is that of the platform, of Express or of Fastify. */
export interface TenancyModuleOptions<A extends object = Attributes> extends AdmissionOptions<A, any> {
  /** The result of `createTenancy`. The module closes it when the application shuts down. */
  tenancy: ModuleTenancy<A>
  /** The claims of a token that an earlier middleware verified, for byClaim and resolvers of your own. @default none */
  claims?: (request: any) => Readonly<Record<string, unknown>> | undefined
  /** The property of the request that holds the tenant; `false` sets none. Any other value than 'tenant' must be registered as `requestProperty`. @default 'tenant' */
  property?: RequestProperty
}

/** What the module calls of a tenancy. */
export type ModuleTenancy<A extends object = Attributes> = HttpTenancy<A> & { close(): Promise<void> }

export interface TenancyModuleAsyncOptions<A extends object = Attributes> extends Pick<ModuleMetadata, 'imports'> {
  /** The providers that `useFactory` takes, in this order. @default none */
  inject?: FactoryProvider['inject']
  // oxlint-disable-next-line typescript/no-explicit-any -- the types of injected providers are known to the application only
  useFactory: (...providers: any[]) => TenancyModuleOptions<A> | Promise<TenancyModuleOptions<A>>
}

/** The token of the tenancy. @example constructor(@Inject(TENANCY) private readonly tenancy: AppTenancy) {} */
export const TENANCY: unique symbol = Symbol.for('partywall.nest.tenancy') as never

/** Injects the tenancy that `TenancyModule` was given. @example constructor(@InjectTenancy() private readonly tenancy: AppTenancy) {} */
export function InjectTenancy(): PropertyDecorator & ParameterDecorator {
  return Inject(TENANCY)
}

/**
 * Import it once, in the module of the application. It is global: every module can inject the tenancy. It answers what partywall refuses, and closes the tenancy on shutdown.
 * @example TenancyModule.forRoot({ tenancy: createTenancy(config) })
 */
export class TenancyModule implements NestModule, OnApplicationShutdown {
  readonly #options: TenancyModuleOptions
  readonly #adapterHost: HttpAdapterHost

  constructor(options: TenancyModuleOptions, adapterHost: HttpAdapterHost) {
    this.#options = options
    this.#adapterHost = adapterHost
  }

  /** @throws TenancyError INVALID_OPTION when the application starts */
  static forRoot<A extends object>(options: TenancyModuleOptions<A>): DynamicModule {
    return TenancyModule.forRootAsync({ useFactory: () => options })
  }

  /** The same, with options that are made from other providers. @example TenancyModule.forRootAsync({ inject: [ConfigService], useFactory: (config: ConfigService) => ({ tenancy: createTenancy({ database: config.get('DATABASE_URL') }) }) }) */
  static forRootAsync<A extends object>({ imports = [], inject = [], useFactory }: TenancyModuleAsyncOptions<A>): DynamicModule {
    return {
      module: TenancyModule,
      global: true,
      imports,
      providers: [
        { provide: optionsToken, inject, useFactory: async (...providers: unknown[]) => checked(await useFactory(...providers)) },
        { provide: TENANCY, inject: [optionsToken], useFactory: ({ tenancy }: TenancyModuleOptions) => tenancy },
        { provide: APP_FILTER, inject: [HttpAdapterHost, optionsToken], useFactory: filter },
      ],
      exports: [TENANCY],
    }
  }

  /**
   * Nest calls it behind `app.use` and `app.register` of the application, so sessions and tokens are read already, and before it mounts the routes. Mounted on the
   * platform itself: a middleware of Nest has the routes only that lie below the global prefix.
   */
  async configure(): Promise<void> {
    const { httpAdapter } = this.#adapterHost
    const { tenancy, ...options } = this.#options
    switch (httpAdapter.getType()) {
      case 'express':
        httpAdapter.use(tenantScope(tenancy, options))
        return
      case 'fastify':
        await httpAdapter.getInstance<Registering>().register(tenantPlugin(tenancy, options))
        return
      default:
        throw new TenancyError(
          'INVALID_OPTION',
          `TenancyModule serves the platforms "express" and "fastify"; this application has "${httpAdapter.getType()}". Write an adapter with partywall/http.`,
          { details: { what: 'TenancyModule', seen: httpAdapter.getType() } },
        )
    }
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#options.tenancy.close()
  }
}

const optionsToken = Symbol('partywall.nest.options')

// Calls in place of the syntax of decorators, which Node.js does not run.
Module({})(TenancyModule)
Inject(optionsToken)(TenancyModule, undefined, 0)
Inject(HttpAdapterHost)(TenancyModule, undefined, 1)

interface Registering {
  register(plugin: unknown): PromiseLike<unknown>
}

function filter(adapterHost: HttpAdapterHost, { retryAfterMs }: TenancyModuleOptions): TenancyFilter {
  return new TenancyFilter(adapterHost, retryAfterMs === undefined ? {} : { retryAfterMs })
}

function checked<A extends object>(options: TenancyModuleOptions<A>): TenancyModuleOptions<A> {
  assertKnownKeys('TenancyModule', options, ['tenancy', ...admissionKeys, 'claims', 'property'], 'INVALID_OPTION')
  if (typeof options.tenancy?.close === 'function') return options
  throw new TenancyError(
    'INVALID_OPTION',
    `"tenancy" of TenancyModule must be the result of createTenancy(config); it is ${seen(options.tenancy)}.`,
    { details: { what: 'TenancyModule', option: 'tenancy', seen: seen(options.tenancy) } },
  )
}
