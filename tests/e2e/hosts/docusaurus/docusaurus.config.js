export default {
  title: 'Handbook',
  url: 'http://127.0.0.1',
  baseUrl: '/docusaurus/',
  favicon: 'icon.svg',
  onBrokenLinks: 'throw',
  // Without the cache from build to build: it takes a package of the same version for the same package.
  future: { v4: true, faster: { rspackPersistentCache: false } },
  clientModules: ['./src/poolscope.js'],
  presets: [['classic', { docs: { routeBasePath: '/', sidebarPath: false }, blog: false, theme: {} }]],
  themeConfig: { colorMode: { defaultMode: 'light' }, navbar: { title: 'Handbook' } },
};
