import { api } from '../../../server.ts'

export const GET = api.listProjects
export const POST = api.addProject
