// A program of NestJS 11 as TypeScript compiles it to CommonJS, with decorators as calls.
const { Controller, Get, Module } = require('@nestjs/common')
const { NestFactory } = require('@nestjs/core')
const { byHost, createTenancy } = require('partywall')
const { CurrentTenant, InjectTenancy, RequireTenant, TenancyModule } = require('partywall/nest')
const { request } = require('node:http')

class NotesController {
  constructor(tenancy) {
    this.tenancy = tenancy
  }

  async list(tenant) {
    const { rows } = await this.tenancy.pool.query('select text from notes')
    return { schema: tenant.schema, texts: rows.map(({ text }) => text) }
  }
}
Controller('notes')(NotesController)
RequireTenant()(NotesController)
InjectTenancy()(NotesController, undefined, 0)
Get()(NotesController.prototype, 'list', Object.getOwnPropertyDescriptor(NotesController.prototype, 'list'))
CurrentTenant()(NotesController.prototype, 'list', 0)

function AppModule() {}
Module({})(AppModule)

exports.open = async function open() {
  const tenancy = createTenancy({
    database: process.env.DATABASE_URL,
    migrations: { shared: 'none', tenant: 'migrations' },
    resolve: [byHost({ base: 'localhost' })],
  })
  const module = { module: AppModule, imports: [TenancyModule.forRoot({ tenancy })], controllers: [NotesController] }
  const app = await NestFactory.create(module, { logger: false, abortOnError: false })
  await app.listen(0, '127.0.0.1')
  return {
    async read(tenant) {
      const { schema, texts } = await get(app.getHttpServer().address().port, `${tenant}.localhost`)
      return schema === tenant ? texts : [schema]
    },
    close: () => app.close(),
  }
}

function get(port, host) {
  return new Promise((resolve, reject) => {
    request({ port, host: '127.0.0.1', path: '/notes', headers: { host } }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk) => (text += chunk))
      response.on('end', () => resolve(JSON.parse(text)))
    })
      .on('error', reject)
      .end()
  })
}
