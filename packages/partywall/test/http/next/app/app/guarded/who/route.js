export { GET } from '../../api/who/route.js'
