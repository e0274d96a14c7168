export default {
  base: '/vite/',
  build: { target: 'es2022' },
  optimizeDeps: { exclude: ['poolscope'] },
};
